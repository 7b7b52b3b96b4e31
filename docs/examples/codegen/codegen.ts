// Types for every document in src/, from the schema that tandem-client carries. `npm run generate` writes them.
import type { CodegenConfig } from '@graphql-codegen/cli';

const config: CodegenConfig = {
  // Node wants the extensions of imported files.
  emitLegacyCommonJSImports: false,
  schema: 'node_modules/tandem-client/schema.graphql',
  documents: ['src/**/*.ts', '!src/generated/**'],
  generates: {
    'src/generated/': {
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: {
        // The client sends text, so nobody needs to parse or to print it.
        documentMode: 'string',
        enumsAsTypes: true,
        immutableTypes: true,
        useTypeImports: true,
        // A scalar that is missing here is an error, not `any`.
        strictScalars: true,
        scalars: { ID: 'string', DateTime: 'string', Int64: 'number', JSON: 'unknown' },
      },
    },
  },
};
export default config;
