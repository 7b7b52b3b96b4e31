/** A CPU thread that answers what runs ask of it, through the compiled runtime. */
import { answer } from '../../../dist/workers/runtime.js';

answer({
  tokenizeDataset: ({ dataset, model, maxLength }) => {
    return { key: `${dataset.slice(0, 8)}-${model.slice(0, 8)}-${maxLength}`, texts: 1, tokens: 10, truncated: 0 };
  },
});
