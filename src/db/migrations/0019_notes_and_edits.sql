DROP VIEW "public"."architecture_searches_with_jobs";--> statement-breakpoint
DROP VIEW "public"."runs_with_jobs";--> statement-breakpoint
ALTER TABLE "checkpoints" ADD COLUMN "updated_at" timestamp (3) with time zone DEFAULT date_trunc('milliseconds', clock_timestamp()) NOT NULL;--> statement-breakpoint
ALTER TABLE "checkpoints" ADD COLUMN "name" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "checkpoints" ADD COLUMN "notes" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "checkpoints" ADD COLUMN "tags" text[] DEFAULT '{}'::text[] NOT NULL;--> statement-breakpoint
ALTER TABLE "collections" ADD COLUMN "updated_at" timestamp (3) with time zone DEFAULT date_trunc('milliseconds', clock_timestamp()) NOT NULL;--> statement-breakpoint
ALTER TABLE "collections" ADD COLUMN "notes" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "collections" ADD COLUMN "tags" text[] DEFAULT '{}'::text[] NOT NULL;--> statement-breakpoint
ALTER TABLE "documents" ADD COLUMN "updated_at" timestamp (3) with time zone DEFAULT date_trunc('milliseconds', clock_timestamp()) NOT NULL;--> statement-breakpoint
ALTER TABLE "datasets" ADD COLUMN "updated_at" timestamp (3) with time zone DEFAULT date_trunc('milliseconds', clock_timestamp()) NOT NULL;--> statement-breakpoint
ALTER TABLE "datasets" ADD COLUMN "notes" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "datasets" ADD COLUMN "tags" text[] DEFAULT '{}'::text[] NOT NULL;--> statement-breakpoint
ALTER TABLE "evaluations" ADD COLUMN "updated_at" timestamp (3) with time zone DEFAULT date_trunc('milliseconds', clock_timestamp()) NOT NULL;--> statement-breakpoint
ALTER TABLE "jobs" ADD COLUMN "updated_at" timestamp (3) with time zone DEFAULT date_trunc('milliseconds', clock_timestamp()) NOT NULL;--> statement-breakpoint
ALTER TABLE "models" ADD COLUMN "updated_at" timestamp (3) with time zone DEFAULT date_trunc('milliseconds', clock_timestamp()) NOT NULL;--> statement-breakpoint
ALTER TABLE "models" ADD COLUMN "notes" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "models" ADD COLUMN "tags" text[] DEFAULT '{}'::text[] NOT NULL;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "notes" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "tags" text[] DEFAULT '{}'::text[] NOT NULL;--> statement-breakpoint
ALTER TABLE "suites" ADD COLUMN "updated_at" timestamp (3) with time zone DEFAULT date_trunc('milliseconds', clock_timestamp()) NOT NULL;--> statement-breakpoint
CREATE VIEW "public"."fusion_searches_with_jobs" AS (select "fusion_searches"."id", "fusion_searches"."created_at", "fusion_searches"."idempotency_key", "fusion_searches"."model_id", "fusion_searches"."request", "fusion_searches"."test", "jobs"."updated_at", "jobs"."state" from "fusion_searches" inner join "jobs" on "jobs"."id" = "fusion_searches"."id");--> statement-breakpoint
CREATE VIEW "public"."architecture_searches_with_jobs" AS (select "architecture_searches"."id", "architecture_searches"."created_at", "architecture_searches"."idempotency_key", "architecture_searches"."name", "architecture_searches"."model_id", "architecture_searches"."settings", "architecture_searches"."datasets", "architecture_searches"."dev_sets", "architecture_searches"."teacher_id", "architecture_searches"."space", "architecture_searches"."configurations", "architecture_searches"."seed", "architecture_searches"."eta", "architecture_searches"."steps", "architecture_searches"."keep", case when not "jobs"."awaits_parts" then "jobs"."state" when exists (select 1 from jobs part where
        part.part_of = "jobs"."id" and part.state = 'INTERRUPTED') then 'INTERRUPTED' else 'RUNNING' end as "state", "jobs"."updated_at", "jobs"."last_seq", "jobs"."error", "jobs"."started_at", "jobs"."finished_at", "jobs"."result_id" as "checkpoint_id" from "architecture_searches" inner join "jobs" on "jobs"."id" = "architecture_searches"."id");--> statement-breakpoint
CREATE VIEW "public"."runs_with_jobs" AS (select "runs"."id", "runs"."created_at", "runs"."idempotency_key", "runs"."name", "runs"."notes", "runs"."tags", "runs"."model_id", "runs"."settings", "runs"."allow_different_adapter", "runs"."step", "runs"."steps", "runs"."epoch", "runs"."loss", "runs"."best_score", "runs"."best_step", "runs"."tokens_per_second", "runs"."parameters", "runs"."memory_bytes", "runs"."adapter", case when "jobs"."state" = 'RUNNING' then "runs"."seconds_left" end as "seconds_left", "jobs"."updated_at", "jobs"."state", "jobs"."attempt", "jobs"."last_seq", "jobs"."error", "jobs"."started_at", "jobs"."finished_at", "jobs"."answer" ->> 'cause' as "cause" from "runs" inner join "jobs" on "jobs"."id" = "runs"."id");--> statement-breakpoint
UPDATE "checkpoints" SET "updated_at" = date_trunc('milliseconds', "created_at");--> statement-breakpoint
UPDATE "collections" SET "updated_at" = date_trunc('milliseconds', "created_at");--> statement-breakpoint
UPDATE "documents" SET "updated_at" = date_trunc('milliseconds', "created_at");--> statement-breakpoint
UPDATE "datasets" SET "updated_at" = date_trunc('milliseconds', "created_at");--> statement-breakpoint
UPDATE "evaluations" SET "updated_at" = date_trunc('milliseconds', "created_at");--> statement-breakpoint
UPDATE "jobs" SET "updated_at" = date_trunc('milliseconds', greatest("created_at", "started_at", "finished_at"));--> statement-breakpoint
UPDATE "models" SET "updated_at" = date_trunc('milliseconds', "created_at");--> statement-breakpoint
UPDATE "suites" SET "updated_at" = date_trunc('milliseconds', "created_at");--> statement-breakpoint
-- Every change of a row gets a time later than the one before, also within a millisecond and when the clock goes back.
CREATE FUNCTION set_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.updated_at := greatest(date_trunc('milliseconds', clock_timestamp()), OLD.updated_at + interval '1 ms');
  RETURN NEW;
END $$;--> statement-breakpoint
-- A run is one thing with its job, whose row has its state: both have the time of the job's row.
CREATE FUNCTION set_updated_at_of_job() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE jobs SET updated_at = greatest(date_trunc('milliseconds', clock_timestamp()), updated_at + interval '1 ms')
    WHERE id = NEW.id;
  RETURN NULL;
END $$;--> statement-breakpoint
-- The conditions name what counts as a change. Columns that only tell of progress are not among them.
CREATE TRIGGER datasets_updated_at BEFORE UPDATE ON datasets FOR EACH ROW
  WHEN ((OLD.name, OLD.version, OLD.notes, OLD.tags) IS DISTINCT FROM (NEW.name, NEW.version, NEW.notes, NEW.tags))
  EXECUTE FUNCTION set_updated_at();--> statement-breakpoint
CREATE TRIGGER models_updated_at BEFORE UPDATE ON models FOR EACH ROW
  WHEN ((OLD.name, OLD.notes, OLD.tags) IS DISTINCT FROM (NEW.name, NEW.notes, NEW.tags))
  EXECUTE FUNCTION set_updated_at();--> statement-breakpoint
CREATE TRIGGER checkpoints_updated_at BEFORE UPDATE ON checkpoints FOR EACH ROW
  WHEN ((OLD.name, OLD.notes, OLD.tags, OLD.alias) IS DISTINCT FROM (NEW.name, NEW.notes, NEW.tags, NEW.alias))
  EXECUTE FUNCTION set_updated_at();--> statement-breakpoint
CREATE TRIGGER collections_updated_at BEFORE UPDATE ON collections FOR EACH ROW
  WHEN ((OLD.name, OLD.notes, OLD.tags, OLD.checkpoint_id) IS DISTINCT FROM
        (NEW.name, NEW.notes, NEW.tags, NEW.checkpoint_id))
  EXECUTE FUNCTION set_updated_at();--> statement-breakpoint
CREATE TRIGGER documents_updated_at BEFORE UPDATE ON documents FOR EACH ROW
  WHEN ((OLD.text, OLD.metadata) IS DISTINCT FROM (NEW.text, NEW.metadata))
  EXECUTE FUNCTION set_updated_at();--> statement-breakpoint
CREATE TRIGGER suites_updated_at BEFORE UPDATE ON suites FOR EACH ROW
  WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION set_updated_at();--> statement-breakpoint
CREATE TRIGGER evaluations_updated_at BEFORE UPDATE ON evaluations FOR EACH ROW
  WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION set_updated_at();--> statement-breakpoint
CREATE TRIGGER jobs_updated_at BEFORE UPDATE ON jobs FOR EACH ROW
  WHEN ((OLD.state, OLD.attempt, OLD.awaits_parts, OLD.cancel_requested, OLD.error, OLD.result_id) IS DISTINCT FROM
        (NEW.state, NEW.attempt, NEW.awaits_parts, NEW.cancel_requested, NEW.error, NEW.result_id))
  EXECUTE FUNCTION set_updated_at();--> statement-breakpoint
CREATE TRIGGER runs_updated_at AFTER UPDATE ON runs FOR EACH ROW
  WHEN ((OLD.name, OLD.notes, OLD.tags) IS DISTINCT FROM (NEW.name, NEW.notes, NEW.tags))
  EXECUTE FUNCTION set_updated_at_of_job();
