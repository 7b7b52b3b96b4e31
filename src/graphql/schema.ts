/** The whole schema. Importing it registers types and nothing else. */
import type { GraphQLSchema } from 'graphql';
import { withAudit } from './access/audit.ts';
import { withRoles } from './access/roles.ts';
import { builder } from './builder.ts';
import { withPrices } from './limits/prices.ts';
import { withEventPositions } from './operations/event-position.ts';
import { withWellFormedArguments } from './well-formed.ts';
import './editing/deletes.ts';
import './editing/fields.ts';
import './editing/updates.ts';
import './schema/api-key.ts';
import './schema/architecture-search.ts';
import './schema/audit-entry.ts';
import './schema/dataset.ts';
import './schema/dataset-import.ts';
import './schema/derive-model.ts';
import './schema/model.ts';
import './schema/run.ts';
import './schema/run-evaluation.ts';
import './schema/run-series.ts';
import './schema/run-plan.ts';
import './schema/run-start.ts';
import './schema/run-teacher.ts';
import './schema/run-event.ts';
import './schema/run-export.ts';
import './schema/change.ts';
import './schema/checkpoint.ts';
import './schema/checkpoint-export.ts';
import './schema/evaluation.ts';
import './schema/evaluation-units.ts';
import './schema/evaluation-comparison.ts';
import './schema/evaluation-geometry.ts';
import './schema/negative-transfer.ts';
import './schema/overlap.ts';
import './schema/suite.ts';
import './schema/leaderboard.ts';
import './schema/fusion.ts';
import './schema/fusion-search.ts';
import './schema/fusion-search-start.ts';
import './schema/collection.ts';
import './schema/embedding.ts';
import './schema/tokenize.ts';
import './schema/job.ts';
import './schema/node.ts';
import './schema/system.ts';
import './schema/verification.ts';

/** From the inside out: what wraps a resolver last sees a request first. */
export const schema: GraphQLSchema = [
  withPrices,
  withWellFormedArguments,
  withRoles,
  withAudit,
  withEventPositions,
].reduce((whole, wrap) => wrap(whole), builder.toSchema());
