/** GraphQL codegen as its guide sets it up: the client preset, with the types of the API's scalars. */
import type { CodegenConfig } from '@graphql-codegen/cli';

const config: CodegenConfig = {
  schema: 'generated/schema.graphql',
  documents: ['graphql-codegen.test.ts'],
  ignoreNoDocuments: false,
  generates: {
    'generated/codegen/': {
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: {
        documentMode: 'string',
        enumsAsTypes: true,
        immutableTypes: true,
        useTypeImports: true,
        strictScalars: true,
        scalars: { ID: 'string', DateTime: 'string', Int64: 'number', JSON: 'unknown' },
      },
    },
  },
};
export default config;
