DROP VIEW "public"."runs_with_jobs";--> statement-breakpoint
ALTER TABLE "collections" ADD COLUMN "made_as" text;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "made_as" text;--> statement-breakpoint
CREATE VIEW "public"."runs_with_jobs" AS (select "runs"."id", "runs"."created_at", "runs"."idempotency_key", "runs"."name", "runs"."made_as", "runs"."notes", "runs"."tags", "runs"."model_id", "runs"."settings", "runs"."allow_different_adapter", "runs"."step", "runs"."steps", "runs"."epoch", "runs"."loss", "runs"."best_score", "runs"."best_step", "runs"."tokens_per_second", "runs"."parameters", "runs"."memory_bytes", "runs"."adapter", case when "jobs"."state" = 'RUNNING' then "runs"."seconds_left" end as "seconds_left", "jobs"."updated_at", "jobs"."state", "jobs"."attempt", "jobs"."last_seq", "jobs"."error", "jobs"."started_at", "jobs"."finished_at", "jobs"."answer" ->> 'cause' as "cause" from "runs" inner join "jobs" on "jobs"."id" = "runs"."id");
--> statement-breakpoint
-- What is said of a data set counts as well.
DROP TRIGGER datasets_updated_at ON datasets;--> statement-breakpoint
CREATE TRIGGER datasets_updated_at BEFORE UPDATE ON datasets FOR EACH ROW
  WHEN ((OLD.name, OLD.version, OLD.notes, OLD.tags, OLD.domain, OLD.language, OLD.derived_from) IS DISTINCT FROM
        (NEW.name, NEW.version, NEW.notes, NEW.tags, NEW.domain, NEW.language, NEW.derived_from))
  EXECUTE FUNCTION set_updated_at();
