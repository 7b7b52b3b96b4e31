/** The forward passes by name. A family names the one it uses (model/families/<name>.ts). */
import type { EncoderFamily } from '../../model/families/catalog.ts';
import { type ForwardName, forwardOf } from '../../model/families/index.ts';
import type { Architecture } from '../../model/types.ts';
import { type Activations, postNormActivations, preNormActivations } from './activations.ts';
import { bertForward } from './bert.ts';
import { decoderForward } from './decoder.ts';
import type { EncoderForward } from './forward.ts';
import { modernBertForward } from './modernbert.ts';

interface ForwardPass {
  readonly run: EncoderForward;
  /** What the plan of a run's memory counts. */
  readonly activations: (architecture: Architecture) => Activations;
}

const forwardPasses: Readonly<Record<ForwardName, ForwardPass>> = {
  bert: { run: bertForward, activations: postNormActivations },
  modernbert: { run: modernBertForward, activations: preNormActivations },
  decoder: { run: decoderForward, activations: preNormActivations },
};

export const forwardPassOf = (family: EncoderFamily): ForwardPass => forwardPasses[forwardOf(family)];
