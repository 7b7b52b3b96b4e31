/** Who may what, through the engine: roles, API keys and the audit log. All suites share one database. */
import { afterAll, beforeAll, describe } from 'vitest';
import { keySuite } from './access/api-keys.ts';
import { auditSuite } from './access/audit.ts';
import { type AccessPlace, openAccessPlace } from './access/place.ts';
import { roleSuite } from './access/roles.ts';

let place: AccessPlace;
beforeAll(async () => {
  place = await openAccessPlace();
});
afterAll(() => place.close());

describe('roles', () => roleSuite(() => place));
describe('API keys', () => keySuite(() => place));
describe('the audit log', () => auditSuite(() => place));
