import { Box, Typography, useTheme } from '@mui/material';
import { useQuery } from '@tanstack/react-query';
import { client } from './tandem';

interface Point {
  readonly step: number;
  readonly min: number;
  readonly max: number;
}

interface Answer {
  readonly run: { readonly series: readonly { readonly points: readonly Point[] }[] } | null;
}

const document = Object(`query Loss($id: ID!) { run(id: $id) { series(names: ["loss"], maxPoints: 300) {
  points { step min max }
} } }`);

const [width, height, left, bottom] = [720, 240, 48, 24];

/** The loss of a run over its updates. It belongs to the resource "runs", so live changes of the run refresh it. */
export const LossChart = ({ run }: { readonly run: string }) => {
  const { data } = useQuery({
    queryKey: ['runs', 'loss', run],
    queryFn: ({ signal }) => client.execute<Answer, { id: string }>(document, { id: run }, { signal }),
  });
  const points = data?.run?.series[0]?.points ?? [];
  if (points.length < 2)
    return <Typography color="text.secondary">The loss is drawn from the second update on.</Typography>;
  return <Curve points={points} />;
};

const Curve = ({ points }: { readonly points: readonly Point[] }) => {
  const { palette } = useTheme();
  const first = points[0]?.step ?? 0;
  const last = points.at(-1)?.step ?? 1;
  const low = Math.min(...points.map(({ min }) => min));
  const high = Math.max(...points.map(({ max }) => max));
  const x = (step: number) => left + ((step - first) / Math.max(last - first, 1)) * (width - left - 8);
  const y = (value: number) => 8 + ((high - value) / (high - low || 1)) * (height - bottom - 16);
  const line = points.map(({ step, min, max }) => `${x(step)},${y((min + max) / 2)}`).join(' ');
  const label = { fontSize: 12, fill: palette.text.secondary };
  return (
    <Box
      component="svg"
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label="Loss by step"
      sx={{ width: '100%', maxWidth: 960 }}
    >
      {[low, (low + high) / 2, high].map((value) => (
        <g key={value}>
          <line x1={left} x2={width - 8} y1={y(value)} y2={y(value)} stroke={palette.divider} />
          <text x={left - 6} y={y(value) + 4} textAnchor="end" {...label}>
            {value.toFixed(2)}
          </text>
        </g>
      ))}
      <text x={left} y={height - 4} {...label}>
        step {first}
      </text>
      <text x={width - 8} y={height - 4} textAnchor="end" {...label}>
        step {last}
      </text>
      <polyline points={line} fill="none" stroke={palette.primary.main} strokeWidth={2} />
    </Box>
  );
};
