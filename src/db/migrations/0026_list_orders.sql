-- Several texts in the form of search_form, joined by a character that no search names. It calls only what is in
-- pg_catalog, since a restore computes generated columns without a search path.
CREATE FUNCTION search_forms(text[]) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS $$ SELECT upper(normalize(array_to_string($1, chr(31)), NFKC) COLLATE "und-x-icu") $$;--> statement-breakpoint
-- The estimate of the time left goes once the run no longer runs.
CREATE FUNCTION forget_seconds_left() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE runs SET seconds_left = NULL WHERE id = NEW.id AND seconds_left IS NOT NULL;
  RETURN NULL;
END $$;--> statement-breakpoint
CREATE TRIGGER forget_seconds_left AFTER UPDATE ON jobs FOR EACH ROW
  WHEN (OLD.state = 'RUNNING' AND NEW.state <> 'RUNNING') EXECUTE FUNCTION forget_seconds_left();--> statement-breakpoint
UPDATE "runs" SET "seconds_left" = NULL FROM "jobs"
  WHERE "jobs"."id" = "runs"."id" AND "jobs"."state" <> 'RUNNING' AND "runs"."seconds_left" IS NOT NULL;--> statement-breakpoint
-- A search that awaits its parts is INTERRUPTED while one of them is. Parts are locked before the whole, as everywhere.
CREATE FUNCTION set_updated_at_of_whole() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE jobs SET updated_at = greatest(date_trunc('milliseconds', clock_timestamp()), updated_at + interval '1 ms')
    WHERE id = NEW.part_of AND awaits_parts;
  RETURN NULL;
END $$;--> statement-breakpoint
CREATE TRIGGER jobs_updated_at_of_whole AFTER UPDATE ON jobs FOR EACH ROW
  WHEN (NEW.part_of IS NOT NULL AND (OLD.state = 'INTERRUPTED') <> (NEW.state = 'INTERRUPTED'))
  EXECUTE FUNCTION set_updated_at_of_whole();--> statement-breakpoint
DROP VIEW "public"."runs_with_jobs";--> statement-breakpoint
DROP INDEX "evaluations_checkpoint";--> statement-breakpoint
ALTER TABLE "checkpoints" ADD COLUMN "search_form" text GENERATED ALWAYS AS (search_forms(array["checkpoints"."alias", "checkpoints"."name", "checkpoints"."notes"] || "checkpoints"."tags")) STORED NOT NULL;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "search_form" text GENERATED ALWAYS AS (search_forms(array["runs"."name", "runs"."notes"] || "runs"."tags")) STORED NOT NULL;--> statement-breakpoint
CREATE INDEX "checkpoints_updated" ON "checkpoints" USING btree ("updated_at","id");--> statement-breakpoint
CREATE INDEX "checkpoints_name" ON "checkpoints" USING btree ("name","id");--> statement-breakpoint
CREATE INDEX "checkpoints_reason" ON "checkpoints" USING btree ("reason","id");--> statement-breakpoint
CREATE INDEX "checkpoints_by_step" ON "checkpoints" USING btree ("step","id");--> statement-breakpoint
CREATE INDEX "checkpoints_epoch" ON "checkpoints" USING btree ("epoch","id");--> statement-breakpoint
CREATE INDEX "checkpoints_bytes" ON "checkpoints" USING btree ("bytes","id");--> statement-breakpoint
CREATE INDEX "evaluations_main" ON "evaluations" USING btree ((("metrics" ->> "main")::double precision),"id");--> statement-breakpoint
CREATE INDEX "jobs_updated" ON "jobs" USING btree ("updated_at","id");--> statement-breakpoint
CREATE INDEX "jobs_started" ON "jobs" USING btree ("started_at","id");--> statement-breakpoint
CREATE INDEX "jobs_finished" ON "jobs" USING btree ("finished_at","id");--> statement-breakpoint
CREATE INDEX "jobs_attempt" ON "jobs" USING btree ("attempt","id");--> statement-breakpoint
CREATE INDEX "jobs_cause" ON "jobs" USING btree (("answer" ->> 'cause'),"id");--> statement-breakpoint
CREATE INDEX "runs_step" ON "runs" USING btree ("step","id");--> statement-breakpoint
CREATE INDEX "runs_steps" ON "runs" USING btree ("steps","id");--> statement-breakpoint
CREATE INDEX "runs_epoch" ON "runs" USING btree ("epoch","id");--> statement-breakpoint
CREATE INDEX "runs_loss" ON "runs" USING btree ("loss","id");--> statement-breakpoint
CREATE INDEX "runs_best_score" ON "runs" USING btree ("best_score","id");--> statement-breakpoint
CREATE INDEX "runs_best_step" ON "runs" USING btree ("best_step","id");--> statement-breakpoint
CREATE INDEX "runs_tokens_per_second" ON "runs" USING btree ("tokens_per_second","id");--> statement-breakpoint
CREATE INDEX "runs_seconds_left" ON "runs" USING btree ("seconds_left","id");--> statement-breakpoint
CREATE INDEX "runs_parameters" ON "runs" USING btree ("parameters","id");--> statement-breakpoint
CREATE INDEX "runs_memory_bytes" ON "runs" USING btree ("memory_bytes","id");--> statement-breakpoint
CREATE INDEX "evaluations_checkpoint" ON "evaluations" USING btree ("checkpoint_id","dataset_id");--> statement-breakpoint
CREATE VIEW "public"."runs_with_jobs" AS (select "runs"."id", "runs"."created_at", "runs"."idempotency_key", "runs"."name", "runs"."made_as", "runs"."notes", "runs"."tags", "runs"."search_form", "runs"."model_id", "runs"."settings", "runs"."allow_different_adapter", "runs"."step", "runs"."steps", "runs"."epoch", "runs"."loss", "runs"."best_score", "runs"."best_step", "runs"."tokens_per_second", "runs"."seconds_left", "runs"."parameters", "runs"."memory_bytes", "runs"."adapter", "jobs"."updated_at", "jobs"."state", "jobs"."attempt", "jobs"."last_seq", "jobs"."error", "jobs"."started_at", "jobs"."finished_at", "jobs"."answer" ->> 'cause' as "cause" from "runs" inner join "jobs" on "jobs"."id" = "runs"."id");