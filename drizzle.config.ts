/** For `npm run migrations`: writes the SQL of a changed schema into src/db/migrations, one file after the other. */
import { defineConfig } from 'drizzle-kit';

export default defineConfig({ dialect: 'postgresql', schema: './src/db/schema/*.ts', out: './src/db/migrations' });
