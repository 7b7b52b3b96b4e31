import { Chip, LinearProgress, Stack, Typography } from '@mui/material';
import { type RaRecord, useRecordContext } from 'react-admin';

const colors: Readonly<Record<string, 'default' | 'success' | 'error' | 'warning' | 'primary'>> = {
  RUNNING: 'primary',
  SUCCEEDED: 'success',
  FAILED: 'error',
  INTERRUPTED: 'warning',
};

export const StateField = (_: { readonly source: string }) => {
  const record = useRecordContext();
  return record ? <Chip size="small" label={record['state']} color={colors[record['state']] ?? 'default'} /> : null;
};

/** How far a run is. */
export const ProgressField = (_: { readonly source: string }) => {
  const record = useRecordContext<RaRecord & { step: number; steps: number | null }>();
  if (!record) return null;
  const { step, steps } = record;
  return (
    <Stack sx={{ minWidth: 120 }}>
      <Typography variant="body2">
        {step} of {steps ?? '?'}
      </Typography>
      <LinearProgress variant="determinate" value={steps ? (100 * step) / steps : 0} />
    </Stack>
  );
};

/** A number of bytes with its unit. */
export const bytesText = (bytes: number): string => {
  const power = bytes < 1000 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), 4);
  const value = bytes / 1000 ** power;
  return `${power === 0 ? value : value.toPrecision(3)} ${['B', 'kB', 'MB', 'GB', 'TB'][power]}`;
};

export const TagsField = (_: { readonly source: string }) => {
  const record = useRecordContext<RaRecord & { tags?: readonly string[] }>();
  return (
    <Stack direction="row" spacing={0.5}>
      {record?.tags?.map((tag) => (
        <Chip key={tag} size="small" variant="outlined" label={tag} />
      ))}
    </Stack>
  );
};
