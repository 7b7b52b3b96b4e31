-- Custom SQL: the `vector` type that the tables need. Its version is checked before migrations run.
CREATE EXTENSION IF NOT EXISTS vector;
