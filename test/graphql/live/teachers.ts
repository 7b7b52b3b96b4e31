/** Runs with a teacher, by the API. */
import { describe, expect, it } from 'vitest';
import { checkpointsOf, createModel, settings as shared, startRun } from './fixture.ts';
import { get, inputRefusal, type Live, refusal } from './harness.ts';

export function teacherSuite(live: () => Live): void {
  const settings = {
    ...shared,
    losses: { ir: [{ loss: 'GUIDED_INFONCE' }, { loss: 'TEACHER_MATCHING' }], sts: [{ loss: 'TEACHER_MATCHING' }] },
  };
  /** Of another family, with another vocabulary and width. */
  const makeTeacher = () => {
    const { ir, sts } = live().made;
    return createModel(live(), {
      ...{ name: 'teacher', family: 'MODERNBERT', vocabularyFrom: [ir, sts], vocabularySize: 150, maxLength: 32 },
      architecture: { layers: 1, width: 24, heads: 2, innerWidth: 16, maxPositions: 40 },
    });
  };
  const input = (content: object) => {
    const { model, ir, sts } = live().made;
    return { model, datasets: [{ dataset: ir }, { dataset: sts }], ...content };
  };
  const refused = (content: object) => inputRefusal(live(), 'startRun', 'StartRunInput', input(content));
  const remove = (noun: string, id: string) =>
    get(live(), `mutation($id: ID!) { delete${noun}(id: $id) { deletedId } }`, { id });

  describe('a teacher', () => {
    it('is planned with the run, shown with it, and kept as long as it', async () => {
      const teacher = await makeTeacher();
      const run = input({ name: 'taught', settings, teacher: { id: teacher.id } });
      const { model: _, ...stage } = { ...run, name: 'taught again', teacher: { id: live().made.model } };
      const plan = `query($input: StartRunInput!) {
        planRun(input: $input) { memoryBytes memory { teacher } stages { memory { teacher } } }
      }`;
      interface Planned {
        readonly memory: { readonly teacher: number };
      }
      const { planRun } = await get<{ planRun: Planned & { stages: Planned[] } }>(live(), plan, {
        input: { ...run, stages: [stage] },
      });
      expect(planRun.memory.teacher).toBeGreaterThan(150 * 24 * 4);
      expect(planRun.stages[0]!.memory.teacher).not.toBe(planRun.memory.teacher);

      const id = await startRun(live(), run);
      expect((await checkpointsOf(live(), id)).length).toBeGreaterThan(1);
      const query = 'query($id: ID!) { run(id: $id) { state error { message } teacher { id model { id } } } }';
      expect(await get(live(), query, { id })).toEqual({
        run: { state: 'SUCCEEDED', error: null, teacher: { id: teacher.checkpoint.id, model: { id: teacher.id } } },
      });
      const deletion = 'mutation($id: ID!) { deleteModel(id: $id) { deletedId } }';
      const { message, extensions } = await refusal(live(), deletion, { id: teacher.id });
      expect([message, extensions['code']]).toEqual([expect.stringContaining('run "taught"'), 'CONFLICT']);
      await remove('Run', id);
      await remove('Model', teacher.id);
      const { run: other } = await get<{ run: object }>(live(), query, { id: live().made.run });
      expect(other).toMatchObject({ teacher: null });
    });

    it('is refused where none is needed, and asked for where one is, by name', async () => {
      const { model, checkpoints } = live().made;
      const given = { teacher: { id: checkpoints[0] } };
      expect(await refused({ settings })).toEqual(['BAD_USER_INPUT', 'input.teacher']);
      expect(await refused({ settings: shared, ...given })).toEqual(['BAD_USER_INPUT', 'input.teacher']);
      // The losses of a task without data do not count, those of a data set do.
      const [ir] = input({}).datasets;
      expect(
        await refused({ settings: { ...settings, losses: { sts: settings.losses.sts } }, datasets: [ir], ...given }),
      ).toEqual(['BAD_USER_INPUT', 'input.teacher']);
      const own = { ...ir, losses: [{ loss: 'GUIDED_INFONCE' }] };
      expect(await refused({ settings: shared, datasets: [own] })).toEqual(['BAD_USER_INPUT', 'input.teacher']);
      const gone = Buffer.from('Checkpoint:00000000-0000-4000-8000-000000000000').toString('base64url');
      expect(await refused({ settings, teacher: { id: gone } })).toEqual(['NOT_FOUND', 'input.teacher']);
      expect(await refused({ settings, teacher: { alias: 'nobody' } })).toEqual(['NOT_FOUND', 'input.teacher.alias']);
      const stages = [{ datasets: [ir], settings }];
      expect(await refused({ settings: shared, stages })).toEqual(['BAD_USER_INPUT', 'input.stages.0.teacher']);
      const strange = [{ datasets: [ir], settings, teacher: { id: Buffer.from('Run:x').toString('base64url') } }];
      expect(await refused({ settings: shared, stages: strange })).toEqual([
        ...['BAD_USER_INPUT', 'input.stages.0.teacher.id'],
      ]);
      const mutation = 'mutation($input: StartRunInput!) { startRun(input: $input) { run { id } } }';
      const { message } = await refusal(live(), mutation, { input: input({ settings, model }) });
      expect(message).toBe('The loss guided-infonce needs a teacher, the run names none');
    });
  });
}
