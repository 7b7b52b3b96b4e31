DROP INDEX "jobs_state";--> statement-breakpoint
CREATE INDEX "checkpoints_newest" ON "checkpoints" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "evaluations_newest" ON "evaluations" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "jobs_newest" ON "jobs" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "runs_newest" ON "runs" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "runs_name" ON "runs" USING btree ("name","id");--> statement-breakpoint
CREATE INDEX "jobs_state" ON "jobs" USING btree ("state","id");--> statement-breakpoint
-- The form in which texts are compared where a part of one is looked for: NFKC, in one case by the rules of Unicode.
CREATE FUNCTION search_form(text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS $$ SELECT upper(normalize($1, NFKC) COLLATE "und-x-icu") $$;
