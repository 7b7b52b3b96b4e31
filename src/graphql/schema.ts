/** The whole schema. Importing it registers types and nothing else. */
import type { GraphQLSchema } from 'graphql';
import { builder } from './builder.ts';
import { withPrices } from './prices.ts';
import { withWellFormedArguments } from './well-formed.ts';
import './schema/dataset.ts';
import './schema/dataset-import.ts';
import './schema/model.ts';
import './schema/run.ts';
import './schema/run-evaluation.ts';
import './schema/run-series.ts';
import './schema/run-plan.ts';
import './schema/run-start.ts';
import './schema/run-event.ts';
import './schema/run-export.ts';
import './schema/checkpoint.ts';
import './schema/evaluation.ts';
import './schema/evaluation-units.ts';
import './schema/evaluation-comparison.ts';
import './schema/evaluation-geometry.ts';
import './schema/fusion.ts';
import './schema/collection.ts';
import './schema/embedding.ts';
import './schema/tokenize.ts';
import './schema/job.ts';
import './schema/system.ts';
import './schema/verification.ts';

export const schema: GraphQLSchema = withWellFormedArguments(withPrices(builder.toSchema()));
