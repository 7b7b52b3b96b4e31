/** y = activate(gate) * up (SwiGLU, GeGLU; Shazeer 2020), shapes equal. */
import { type GatedActivation, gatedBackward, gatedForward } from '../../kernels/gated.ts';
import type { Tape, Value } from '../tape.ts';

export function gated(tape: Tape, activation: GatedActivation, gate: Value, up: Value): Value {
  const { shape } = gate.tensor;
  const y = tape.output(`gated.${activation}`, shape, [gate, up]);
  const inputs = { activation, gate: gate.tensor, up: up.tensor };
  gatedForward(tape.gpu, { ...inputs, out: y.tensor });
  return tape.record(y, (dOut) => {
    const [dGate, dUp] = [tape.lease('gated.dGate', shape), tape.lease('gated.dUp', shape)];
    gatedBackward(tape.gpu, { ...inputs, dOut, dGate, dUp });
    tape.give(gate, dGate);
    tape.give(up, dUp);
  });
}
