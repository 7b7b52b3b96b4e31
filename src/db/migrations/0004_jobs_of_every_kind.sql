-- Jobs and runs become one: the job of a run has its id, and attempts and events belong to jobs.
CREATE TABLE "job_tickets" (
	"job_id" uuid PRIMARY KEY NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"kind" text NOT NULL,
	"priority" integer NOT NULL,
	"place" uuid,
	"not_before" timestamp with time zone DEFAULT now() NOT NULL,
	"claim" uuid,
	"claimed_until" timestamp with time zone
);
--> statement-breakpoint
ALTER TABLE "jobs" DROP CONSTRAINT "jobs_kind";
--> statement-breakpoint
ALTER TABLE "jobs" DROP CONSTRAINT "jobs_state_is_known";
--> statement-breakpoint
ALTER TABLE "jobs" ALTER COLUMN "state" SET DEFAULT 'QUEUED';
--> statement-breakpoint
ALTER TABLE "jobs" ADD COLUMN "accepted_by" uuid;
--> statement-breakpoint
ALTER TABLE "jobs" ADD COLUMN "place" uuid;
--> statement-breakpoint
ALTER TABLE "jobs" ADD COLUMN "not_before" timestamp with time zone;
--> statement-breakpoint
ALTER TABLE "jobs" ADD COLUMN "lacks" text;
--> statement-breakpoint
ALTER TABLE "jobs" ADD COLUMN "attempt" integer DEFAULT 0 NOT NULL;
--> statement-breakpoint
ALTER TABLE "jobs" ADD COLUMN "deaths" integer DEFAULT 0 NOT NULL;
--> statement-breakpoint
ALTER TABLE "jobs" ADD COLUMN "last_seq" bigint DEFAULT 0 NOT NULL;
--> statement-breakpoint
ALTER TABLE "jobs" ADD COLUMN "cancel_requested" boolean DEFAULT false NOT NULL;
--> statement-breakpoint
ALTER TABLE "jobs" ADD COLUMN "answer" jsonb;
--> statement-breakpoint
ALTER TABLE "jobs" ADD COLUMN "started_at" timestamp with time zone;
--> statement-breakpoint
-- Both kinds of work were called create-model; an imported one says its source.
UPDATE "jobs" SET "kind" = 'import-model' WHERE "kind" = 'create-model' AND "input" ? 'source';
--> statement-breakpoint
-- An import found an equal version if its data set is older than itself.
UPDATE "jobs" SET "answer" = jsonb_build_object('reused', "datasets"."created_at" < "jobs"."created_at")
FROM "datasets" WHERE "jobs"."kind" = 'import-dataset' AND "jobs"."state" = 'SUCCEEDED' AND "datasets"."id" = "jobs"."result_id";
--> statement-breakpoint
-- What ran has lost its process, and its input is not kept: whoever asked for it may ask again.
UPDATE "jobs" SET "state" = 'INTERRUPTED', "finished_at" = now(), "error" = '{"name": "TandemError", "code": "UNAVAILABLE", "message": "the process that worked on it ended unexpectedly"}' WHERE "state" = 'RUNNING';
--> statement-breakpoint
UPDATE "jobs" SET "started_at" = "created_at", "attempt" = 1, "last_seq" = 1;
--> statement-breakpoint
ALTER TABLE "run_attempts" RENAME TO "job_attempts";
--> statement-breakpoint
ALTER TABLE "job_attempts" RENAME COLUMN "run_id" TO "job_id";
--> statement-breakpoint
ALTER TABLE "job_attempts" RENAME CONSTRAINT "run_attempts_run_id_number_pk" TO "job_attempts_job_id_number_pk";
--> statement-breakpoint
ALTER TABLE "job_attempts" DROP CONSTRAINT "run_attempts_run_id_runs_id_fk";
--> statement-breakpoint
ALTER TABLE "job_attempts" DROP CONSTRAINT "run_attempts_outcome";
--> statement-breakpoint
-- Owners were known by host name and process id; no process of this version has the ids that they get here.
ALTER TABLE "job_attempts" ADD COLUMN "process" uuid DEFAULT gen_random_uuid() NOT NULL;
--> statement-breakpoint
ALTER TABLE "job_attempts" ALTER COLUMN "process" DROP DEFAULT;
--> statement-breakpoint
ALTER TABLE "job_attempts" ADD COLUMN "details" jsonb DEFAULT '{}'::jsonb NOT NULL;
--> statement-breakpoint
UPDATE "job_attempts" SET "details" = jsonb_strip_nulls(jsonb_build_object('resumedFrom', "resumed_from")) || CASE WHEN "adapter" IS NULL THEN '{}'::jsonb ELSE jsonb_build_object('adapter', "adapter") END;
--> statement-breakpoint
ALTER TABLE "job_attempts" DROP COLUMN "resumed_from";
--> statement-breakpoint
ALTER TABLE "job_attempts" DROP COLUMN "adapter";
--> statement-breakpoint
ALTER TABLE "run_events" RENAME TO "job_events";
--> statement-breakpoint
ALTER TABLE "job_events" RENAME COLUMN "run_id" TO "job_id";
--> statement-breakpoint
ALTER TABLE "job_events" RENAME CONSTRAINT "run_events_run_id_seq_pk" TO "job_events_job_id_seq_pk";
--> statement-breakpoint
ALTER TABLE "job_events" DROP CONSTRAINT "run_events_run_id_runs_id_fk";
--> statement-breakpoint
INSERT INTO "job_attempts" ("job_id", "number", "created_at", "process", "host", "pid", "heartbeat_at", "lease_until", "ended_at", "outcome")
SELECT "id", 1, "created_at", gen_random_uuid(), "host", "pid", "heartbeat_at", "heartbeat_at", "finished_at", "state" FROM "jobs";
--> statement-breakpoint
INSERT INTO "job_events" ("job_id", "seq", "attempt", "created_at", "type", "data")
SELECT "id", 1, 1, coalesce("finished_at", "created_at"), 'state', jsonb_build_object('type', 'state', 'state', "state") || CASE WHEN "error" IS NULL THEN '{}'::jsonb ELSE jsonb_build_object('error', "error") END FROM "jobs";
--> statement-breakpoint
-- A run has an idempotency key of its own.
INSERT INTO "jobs" ("id", "created_at", "kind", "state", "input", "uses", "attempt", "last_seq", "cancel_requested", "result_id", "error", "started_at", "finished_at", "host", "pid")
SELECT "id", "created_at", 'train', "state", jsonb_build_object('runId', "id"), jsonb_build_array(jsonb_build_object('kind', 'run', 'id', "id")), "attempt", "last_seq", "cancel_requested",
  CASE WHEN "state" = 'SUCCEEDED' THEN (SELECT "checkpoints"."id" FROM "checkpoints" WHERE "checkpoints"."run_id" = "runs"."id" ORDER BY "step" DESC LIMIT 1) END,
  "error", "started_at", "finished_at", '', 0 FROM "runs";
--> statement-breakpoint
INSERT INTO "job_tickets" ("job_id", "created_at", "kind", "priority") SELECT "id", "created_at", 'train', 0 FROM "runs" WHERE "state" = 'QUEUED';
--> statement-breakpoint
ALTER TABLE "runs" DROP CONSTRAINT "runs_state_is_known";
--> statement-breakpoint
ALTER TABLE "runs" DROP CONSTRAINT "runs_step_is_count";
--> statement-breakpoint
DROP INDEX "runs_state";
--> statement-breakpoint
ALTER TABLE "runs" ALTER COLUMN "id" DROP DEFAULT;
--> statement-breakpoint
ALTER TABLE "jobs" DROP COLUMN "host";
--> statement-breakpoint
ALTER TABLE "jobs" DROP COLUMN "pid";
--> statement-breakpoint
ALTER TABLE "jobs" DROP COLUMN "heartbeat_at";
--> statement-breakpoint
ALTER TABLE "runs" DROP COLUMN "state";
--> statement-breakpoint
ALTER TABLE "runs" DROP COLUMN "attempt";
--> statement-breakpoint
ALTER TABLE "runs" DROP COLUMN "last_seq";
--> statement-breakpoint
ALTER TABLE "runs" DROP COLUMN "cancel_requested";
--> statement-breakpoint
ALTER TABLE "runs" DROP COLUMN "error";
--> statement-breakpoint
ALTER TABLE "runs" DROP COLUMN "started_at";
--> statement-breakpoint
ALTER TABLE "runs" DROP COLUMN "finished_at";
--> statement-breakpoint
ALTER TABLE "job_attempts" ADD CONSTRAINT "job_attempts_job_id_jobs_id_fk" FOREIGN KEY ("job_id") REFERENCES "public"."jobs"("id") ON DELETE cascade ON UPDATE no action;
--> statement-breakpoint
ALTER TABLE "job_events" ADD CONSTRAINT "job_events_job_id_jobs_id_fk" FOREIGN KEY ("job_id") REFERENCES "public"."jobs"("id") ON DELETE cascade ON UPDATE no action;
--> statement-breakpoint
ALTER TABLE "runs" ADD CONSTRAINT "runs_id_jobs_id_fk" FOREIGN KEY ("id") REFERENCES "public"."jobs"("id") ON DELETE cascade ON UPDATE no action;
--> statement-breakpoint
ALTER TABLE "jobs" ADD CONSTRAINT "jobs_counts" CHECK ("jobs"."attempt" >= 0 and "jobs"."deaths" >= 0 and "jobs"."last_seq" >= 0);
--> statement-breakpoint
ALTER TABLE "jobs" ADD CONSTRAINT "jobs_state_is_known" CHECK ("jobs"."state" in ('QUEUED', 'RUNNING', 'INTERRUPTED', 'CANCELLED', 'FAILED', 'SUCCEEDED'));
--> statement-breakpoint
ALTER TABLE "runs" ADD CONSTRAINT "runs_step_is_count" CHECK ("runs"."step" >= 0);
--> statement-breakpoint
ALTER TABLE "job_attempts" ADD CONSTRAINT "job_attempts_outcome" CHECK ("job_attempts"."outcome" in ('QUEUED', 'INTERRUPTED', 'CANCELLED', 'FAILED', 'SUCCEEDED'));
--> statement-breakpoint
CREATE INDEX "job_attempts_open" ON "job_attempts" USING btree ("lease_until") WHERE "job_attempts"."ended_at" is null;
--> statement-breakpoint
CREATE INDEX "job_tickets_order" ON "job_tickets" USING btree ("priority" DESC NULLS FIRST,"created_at","job_id");
--> statement-breakpoint
CREATE VIEW "public"."runs_with_jobs" AS (select "runs"."id", "runs"."created_at", "runs"."idempotency_key", "runs"."name", "runs"."model_id", "runs"."settings", "runs"."allow_different_adapter", "runs"."step", "runs"."steps", "runs"."epoch", "runs"."loss", "runs"."tokens_per_second", "runs"."parameters", "runs"."memory_bytes", "runs"."adapter", case when "jobs"."state" = 'RUNNING' then "runs"."seconds_left" end as "seconds_left", "jobs"."state", "jobs"."attempt", "jobs"."last_seq", "jobs"."error", "jobs"."started_at", "jobs"."finished_at" from "runs" inner join "jobs" on "jobs"."id" = "runs"."id");
