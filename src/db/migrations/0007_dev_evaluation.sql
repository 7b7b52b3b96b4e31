CREATE TABLE "dev_evaluations" (
	"run_id" uuid NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"step" integer NOT NULL,
	"epoch" integer NOT NULL,
	"attempt" integer NOT NULL,
	"score" double precision NOT NULL,
	"figures" jsonb NOT NULL,
	"seconds" double precision NOT NULL,
	CONSTRAINT "dev_evaluations_run_id_step_pk" PRIMARY KEY("run_id","step")
);
--> statement-breakpoint
CREATE TABLE "run_dev_sets" (
	"run_id" uuid NOT NULL,
	"position" integer NOT NULL,
	"dataset_id" uuid NOT NULL,
	"split" text NOT NULL,
	"pooled" boolean DEFAULT false NOT NULL,
	CONSTRAINT "run_dev_sets_run_id_position_pk" PRIMARY KEY("run_id","position"),
	CONSTRAINT "run_dev_sets_once" UNIQUE("run_id","dataset_id","split"),
	CONSTRAINT "run_dev_sets_split" CHECK ("run_dev_sets"."split" in ('train', 'dev', 'test'))
);
--> statement-breakpoint
DROP VIEW "public"."runs_with_jobs";--> statement-breakpoint
ALTER TABLE "checkpoints" DROP CONSTRAINT "checkpoints_reason";--> statement-breakpoint
ALTER TABLE "datasets" ADD COLUMN "domain" text;--> statement-breakpoint
ALTER TABLE "datasets" ADD COLUMN "language" text;--> statement-breakpoint
ALTER TABLE "datasets" ADD COLUMN "derived_from" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "evaluations" ADD COLUMN "pooled" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "best_score" double precision;--> statement-breakpoint
ALTER TABLE "runs" ADD COLUMN "best_step" integer;--> statement-breakpoint
ALTER TABLE "dev_evaluations" ADD CONSTRAINT "dev_evaluations_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."runs"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "run_dev_sets" ADD CONSTRAINT "run_dev_sets_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."runs"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "run_dev_sets" ADD CONSTRAINT "run_dev_sets_dataset_id_datasets_id_fk" FOREIGN KEY ("dataset_id") REFERENCES "public"."datasets"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "run_dev_sets_dataset" ON "run_dev_sets" USING btree ("dataset_id");--> statement-breakpoint
ALTER TABLE "checkpoints" ADD CONSTRAINT "checkpoints_reason" CHECK ("checkpoints"."reason" in ('initial', 'epoch', 'interval', 'best', 'stop', 'fused'));--> statement-breakpoint
CREATE VIEW "public"."runs_with_jobs" AS (select "runs"."id", "runs"."created_at", "runs"."idempotency_key", "runs"."name", "runs"."model_id", "runs"."settings", "runs"."allow_different_adapter", "runs"."step", "runs"."steps", "runs"."epoch", "runs"."loss", "runs"."best_score", "runs"."best_step", "runs"."tokens_per_second", "runs"."parameters", "runs"."memory_bytes", "runs"."adapter", case when "jobs"."state" = 'RUNNING' then "runs"."seconds_left" end as "seconds_left", "jobs"."state", "jobs"."attempt", "jobs"."last_seq", "jobs"."error", "jobs"."started_at", "jobs"."finished_at", "jobs"."answer" ->> 'cause' as "cause" from "runs" inner join "jobs" on "jobs"."id" = "runs"."id");