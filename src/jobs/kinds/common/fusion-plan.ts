/** A fusion's plan in an input: the fields of its root, of which versions up to 0.2.0 knew the first two. */
import { z } from 'zod';
import type { FusionPlan } from '../../../fusion/types.ts';
import { parameters } from './parameters.ts';

type Field<Name extends keyof FusionPlan> = z.ZodType<NonNullable<FusionPlan[Name]>>;

const node: z.ZodType<FusionPlan> = z.lazy(() => z.object(fusionPlan));

const method = z.custom<FusionPlan['method']>((value) => typeof value === 'string');
const weights: Field<'weights'> = z.array(z.number());
const only: Field<'only'> = z.array(z.string());
const inputs: Field<'inputs'> = z.array(z.union([z.int(), node]));

export const fusionPlan = {
  method,
  parameters: parameters satisfies Field<'parameters'> as Field<'parameters'>,
  weights: weights.optional(),
  only: only.optional(),
  inputs: inputs.optional(),
};
