/** The plan of a run and of the stages behind it; sizes are in bytes. */
import type { AdapterReport } from '../../device/types.ts';

export interface RunPlan {
  readonly steps: number;
  /** Passes over the data; a fraction where maxBatches ends them. */
  readonly epochs: number;
  readonly updatesPerEpoch: number;
  readonly batchesPerUpdate: number;
  readonly datasets: readonly {
    readonly datasetId: string;
    readonly batchesPerEpoch: number;
    readonly recordsPerEpoch: number;
    /** Estimated. */
    readonly tokensPerBatch: number;
  }[];
  /** Estimated, of the whole run. */
  readonly tokens: number;
  readonly parameters: number;
  /** Bytes on the device by what they hold. */
  readonly memory: {
    readonly parameters: number;
    readonly optimizer: number;
    readonly activations: number;
    readonly representations: number;
    readonly teacher: number;
    readonly total: number;
  };
  readonly device: AdapterReport;
  /** Of the stages behind the run, in order. */
  readonly stages: readonly RunPlan[];
}
