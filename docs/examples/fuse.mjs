// Fuses the checkpoints of a run into one and exports it as a folder that sentence-transformers reads.
// Start the service and train a model (train.mjs), then run: node docs/examples/fuse.mjs RUN FOLDER
import { CheckpointsDocument, createClient, ExportCheckpointDocument, FuseCheckpointsDocument } from 'tandem/client';

const client = createClient({ url: process.env.TANDEM_URL ?? 'http://127.0.0.1:4000' });
const [run, folder] = process.argv.slice(2);
if (run === undefined || folder === undefined) {
  throw new Error('Name a run by its id (train.mjs prints one) and the new folder inside the export folder.');
}

const { checkpoints } = await client.execute(CheckpointsDocument, { filter: { run, reason: 'EPOCH' } });
console.log(`Fusing the checkpoints of the steps ${checkpoints.nodes.map(({ step }) => step).join(', ')}`);

// Weighs each checkpoint, tensor by tensor, by how far it moved from the weights before training.
const { fuseCheckpoints } = await client.execute(FuseCheckpointsDocument, {
  input: { checkpoints: checkpoints.nodes.map(({ id }) => id), method: 'DELTA_GUIDED' },
});
console.log(`Fused checkpoint ${fuseCheckpoints.checkpoint.id}`);

const { exportCheckpoint } = await client.execute(ExportCheckpointDocument, {
  input: { checkpoint: { id: fuseCheckpoints.checkpoint.id }, folder },
});
console.log(`${exportCheckpoint.files.length} files, ${exportCheckpoint.bytes} bytes`);
// In Python: SentenceTransformer(path).encode(...)
console.log(exportCheckpoint.path);
