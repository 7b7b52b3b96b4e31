CREATE TABLE "architecture_candidates" (
	"search_id" uuid NOT NULL,
	"number" integer NOT NULL,
	"configuration" jsonb NOT NULL,
	"model_id" uuid NOT NULL,
	CONSTRAINT "architecture_candidates_search_id_number_pk" PRIMARY KEY("search_id","number")
);
--> statement-breakpoint
CREATE TABLE "architecture_searches" (
	"id" uuid PRIMARY KEY NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"idempotency_key" text,
	"name" text NOT NULL,
	"model_id" uuid NOT NULL,
	"settings" jsonb NOT NULL,
	"datasets" jsonb NOT NULL,
	"dev_sets" jsonb NOT NULL,
	"teacher_id" uuid,
	"space" jsonb NOT NULL,
	"configurations" integer NOT NULL,
	"seed" bigint NOT NULL,
	"eta" integer NOT NULL,
	"steps" integer NOT NULL,
	"keep" text NOT NULL,
	CONSTRAINT "architecture_searches_idempotency_key_unique" UNIQUE("idempotency_key"),
	CONSTRAINT "architecture_searches_keep" CHECK ("architecture_searches"."keep" in ('winner', 'all'))
);
--> statement-breakpoint
CREATE TABLE "architecture_trials" (
	"search_id" uuid NOT NULL,
	"rung" integer NOT NULL,
	"candidate" integer NOT NULL,
	"run_id" uuid,
	"steps" integer NOT NULL,
	"outcome" text,
	"score" double precision,
	"figures" jsonb,
	CONSTRAINT "architecture_trials_search_id_rung_candidate_pk" PRIMARY KEY("search_id","rung","candidate"),
	CONSTRAINT "architecture_trials_outcome" CHECK ("architecture_trials"."outcome" in ('SUCCEEDED', 'FAILED', 'CANCELLED'))
);
--> statement-breakpoint
ALTER TABLE "architecture_candidates" ADD CONSTRAINT "architecture_candidates_search_id_architecture_searches_id_fk" FOREIGN KEY ("search_id") REFERENCES "public"."architecture_searches"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "architecture_candidates" ADD CONSTRAINT "architecture_candidates_model_id_models_id_fk" FOREIGN KEY ("model_id") REFERENCES "public"."models"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "architecture_searches" ADD CONSTRAINT "architecture_searches_id_jobs_id_fk" FOREIGN KEY ("id") REFERENCES "public"."jobs"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "architecture_searches" ADD CONSTRAINT "architecture_searches_model_id_models_id_fk" FOREIGN KEY ("model_id") REFERENCES "public"."models"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "architecture_searches" ADD CONSTRAINT "architecture_searches_teacher_id_checkpoints_id_fk" FOREIGN KEY ("teacher_id") REFERENCES "public"."checkpoints"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "architecture_trials" ADD CONSTRAINT "architecture_trials_search_id_architecture_searches_id_fk" FOREIGN KEY ("search_id") REFERENCES "public"."architecture_searches"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "architecture_trials" ADD CONSTRAINT "architecture_trials_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."runs"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "architecture_candidates_model" ON "architecture_candidates" USING btree ("model_id");--> statement-breakpoint
CREATE INDEX "architecture_searches_model" ON "architecture_searches" USING btree ("model_id");--> statement-breakpoint
CREATE INDEX "architecture_searches_teacher" ON "architecture_searches" USING btree ("teacher_id");--> statement-breakpoint
CREATE INDEX "architecture_trials_run" ON "architecture_trials" USING btree ("run_id");--> statement-breakpoint
CREATE VIEW "public"."architecture_searches_with_jobs" AS (select "architecture_searches"."id", "architecture_searches"."created_at", "architecture_searches"."idempotency_key", "architecture_searches"."name", "architecture_searches"."model_id", "architecture_searches"."settings", "architecture_searches"."datasets", "architecture_searches"."dev_sets", "architecture_searches"."teacher_id", "architecture_searches"."space", "architecture_searches"."configurations", "architecture_searches"."seed", "architecture_searches"."eta", "architecture_searches"."steps", "architecture_searches"."keep", case when not "jobs"."awaits_parts" then "jobs"."state" when exists (select 1 from jobs part where
        part.part_of = "jobs"."id" and part.state = 'INTERRUPTED') then 'INTERRUPTED' else 'RUNNING' end as "state", "jobs"."last_seq", "jobs"."error", "jobs"."started_at", "jobs"."finished_at", "jobs"."result_id" as "checkpoint_id" from "architecture_searches" inner join "jobs" on "jobs"."id" = "architecture_searches"."id");