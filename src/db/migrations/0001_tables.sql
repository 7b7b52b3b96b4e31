CREATE TABLE "run_attempts" (
	"run_id" uuid NOT NULL,
	"number" integer NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"host" text NOT NULL,
	"pid" integer NOT NULL,
	"heartbeat_at" timestamp with time zone DEFAULT now() NOT NULL,
	"lease_until" timestamp with time zone NOT NULL,
	"ended_at" timestamp with time zone,
	"outcome" text,
	"adapter" jsonb,
	"resumed_from" uuid,
	CONSTRAINT "run_attempts_run_id_number_pk" PRIMARY KEY("run_id","number"),
	CONSTRAINT "run_attempts_outcome" CHECK ("run_attempts"."outcome" in ('INTERRUPTED', 'CANCELLED', 'FAILED', 'SUCCEEDED'))
);
--> statement-breakpoint
CREATE TABLE "checkpoint_parents" (
	"checkpoint_id" uuid NOT NULL,
	"position" integer NOT NULL,
	"parent_id" uuid NOT NULL,
	CONSTRAINT "checkpoint_parents_checkpoint_id_position_pk" PRIMARY KEY("checkpoint_id","position")
);
--> statement-breakpoint
CREATE TABLE "checkpoints" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"idempotency_key" text,
	"reason" text NOT NULL,
	"model_id" uuid NOT NULL,
	"run_id" uuid,
	"attempt" integer,
	"step" integer DEFAULT 0 NOT NULL,
	"epoch" integer DEFAULT 0 NOT NULL,
	"digest" text NOT NULL,
	"state_digest" text,
	"bytes" bigint NOT NULL,
	"fusion" jsonb,
	"alias" text,
	CONSTRAINT "checkpoints_idempotency_key_unique" UNIQUE("idempotency_key"),
	CONSTRAINT "checkpoints_alias" UNIQUE("alias"),
	CONSTRAINT "checkpoints_step" UNIQUE("run_id","step"),
	CONSTRAINT "checkpoints_reason" CHECK ("checkpoints"."reason" in ('initial', 'epoch', 'interval', 'stop', 'fused')),
	CONSTRAINT "checkpoints_digest_is_sha256" CHECK ("checkpoints"."digest" ~ '^[0-9a-f]{64}$'),
	CONSTRAINT "checkpoints_fused_has_plan" CHECK (("checkpoints"."reason" = 'fused') = ("checkpoints"."fusion" is not null))
);
--> statement-breakpoint
CREATE TABLE "collections" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"idempotency_key" text,
	"name" text NOT NULL,
	"checkpoint_id" uuid NOT NULL,
	"dimension" integer NOT NULL,
	"revision" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "collections_idempotency_key_unique" UNIQUE("idempotency_key"),
	CONSTRAINT "collections_name" UNIQUE("name"),
	CONSTRAINT "collections_dimension" CHECK ("collections"."dimension" > 0)
);
--> statement-breakpoint
CREATE TABLE "documents" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"collection_id" uuid NOT NULL,
	"ordinal" bigint GENERATED ALWAYS AS IDENTITY (sequence name "documents_ordinal_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"key" text NOT NULL,
	"text" text NOT NULL,
	"metadata" jsonb,
	CONSTRAINT "documents_key" UNIQUE("collection_id","key"),
	CONSTRAINT "documents_ordinal" UNIQUE("collection_id","ordinal")
);
--> statement-breakpoint
CREATE TABLE "embeddings" (
	"document_id" uuid NOT NULL,
	"checkpoint_id" uuid NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"dimension" integer NOT NULL,
	"vector" vector NOT NULL,
	"tokens" integer NOT NULL,
	"truncated" boolean NOT NULL,
	CONSTRAINT "embeddings_document_id_checkpoint_id_pk" PRIMARY KEY("document_id","checkpoint_id"),
	CONSTRAINT "embeddings_dimension" CHECK (vector_dims("embeddings"."vector") = "embeddings"."dimension")
);
--> statement-breakpoint
CREATE TABLE "datasets" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"idempotency_key" text,
	"name" text NOT NULL,
	"version" integer NOT NULL,
	"task" text NOT NULL,
	"digest" text NOT NULL,
	"bytes" bigint NOT NULL,
	"counts" jsonb NOT NULL,
	"document_counts" jsonb NOT NULL,
	"scale" jsonb NOT NULL,
	"ignore_identical_ids" boolean DEFAULT false NOT NULL,
	"warnings" jsonb NOT NULL,
	"importer" text NOT NULL,
	"import_options" jsonb NOT NULL,
	"source" text NOT NULL,
	CONSTRAINT "datasets_idempotency_key_unique" UNIQUE("idempotency_key"),
	CONSTRAINT "datasets_name_version" UNIQUE("name","version"),
	CONSTRAINT "datasets_task" CHECK ("datasets"."task" in ('ir', 'sts')),
	CONSTRAINT "datasets_digest_is_sha256" CHECK ("datasets"."digest" ~ '^[0-9a-f]{64}$')
);
--> statement-breakpoint
CREATE TABLE "evaluations" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"idempotency_key" text,
	"evaluator" text NOT NULL,
	"checkpoint_id" uuid,
	"dataset_id" uuid NOT NULL,
	"split" text NOT NULL,
	"task" text NOT NULL,
	"main" text NOT NULL,
	"metrics" jsonb NOT NULL,
	"undefined_reasons" jsonb NOT NULL,
	"count" integer NOT NULL,
	"documents" integer NOT NULL,
	"tokens" bigint NOT NULL,
	"seconds" double precision NOT NULL,
	CONSTRAINT "evaluations_idempotency_key_unique" UNIQUE("idempotency_key"),
	CONSTRAINT "evaluations_evaluator" CHECK ("evaluations"."evaluator" in ('checkpoint', 'bag-of-words')),
	CONSTRAINT "evaluations_split" CHECK ("evaluations"."split" in ('train', 'dev', 'test')),
	CONSTRAINT "evaluations_task" CHECK ("evaluations"."task" in ('ir', 'sts')),
	CONSTRAINT "evaluations_has_subject" CHECK (("evaluations"."evaluator" = 'checkpoint') = ("evaluations"."checkpoint_id" is not null))
);
--> statement-breakpoint
CREATE TABLE "jobs" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"idempotency_key" text,
	"kind" text NOT NULL,
	"state" text DEFAULT 'RUNNING' NOT NULL,
	"input" jsonb NOT NULL,
	"result_id" uuid,
	"error" jsonb,
	"progress" jsonb,
	"host" text NOT NULL,
	"pid" integer NOT NULL,
	"heartbeat_at" timestamp with time zone DEFAULT now() NOT NULL,
	"finished_at" timestamp with time zone,
	CONSTRAINT "jobs_idempotency_key_unique" UNIQUE("idempotency_key"),
	CONSTRAINT "jobs_state_is_known" CHECK ("jobs"."state" in ('RUNNING', 'INTERRUPTED', 'CANCELLED', 'FAILED', 'SUCCEEDED')),
	CONSTRAINT "jobs_kind" CHECK ("jobs"."kind" in ('import-dataset', 'create-model', 'evaluate', 'fuse', 'embed-collection', 'export-checkpoint'))
);
--> statement-breakpoint
CREATE TABLE "models" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"idempotency_key" text,
	"name" text NOT NULL,
	"family" text NOT NULL,
	"digest" text NOT NULL,
	"bytes" bigint NOT NULL,
	"architecture" jsonb NOT NULL,
	"dimension" integer NOT NULL,
	"layers" integer NOT NULL,
	"parameters" bigint NOT NULL,
	"vocabulary_size" integer NOT NULL,
	"max_length" integer NOT NULL,
	"pooling" text NOT NULL,
	"include_prompt" boolean NOT NULL,
	"templates" jsonb NOT NULL,
	"seed" bigint,
	"source" text NOT NULL,
	CONSTRAINT "models_idempotency_key_unique" UNIQUE("idempotency_key"),
	CONSTRAINT "models_pooling" CHECK ("models"."pooling" in ('cls', 'mean', 'weightedmean', 'lasttoken')),
	CONSTRAINT "models_digest_is_sha256" CHECK ("models"."digest" ~ '^[0-9a-f]{64}$')
);
--> statement-breakpoint
CREATE TABLE "run_datasets" (
	"run_id" uuid NOT NULL,
	"position" integer NOT NULL,
	"dataset_id" uuid NOT NULL,
	"weight" double precision DEFAULT 1 NOT NULL,
	CONSTRAINT "run_datasets_run_id_position_pk" PRIMARY KEY("run_id","position"),
	CONSTRAINT "run_datasets_once" UNIQUE("run_id","dataset_id"),
	CONSTRAINT "run_datasets_weight" CHECK ("run_datasets"."weight" > 0)
);
--> statement-breakpoint
CREATE TABLE "run_events" (
	"run_id" uuid NOT NULL,
	"seq" bigint NOT NULL,
	"attempt" integer NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"type" text NOT NULL,
	"data" jsonb NOT NULL,
	CONSTRAINT "run_events_run_id_seq_pk" PRIMARY KEY("run_id","seq")
);
--> statement-breakpoint
CREATE TABLE "runs" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"idempotency_key" text,
	"name" text NOT NULL,
	"model_id" uuid NOT NULL,
	"settings" jsonb NOT NULL,
	"state" text DEFAULT 'QUEUED' NOT NULL,
	"attempt" integer DEFAULT 0 NOT NULL,
	"last_seq" bigint DEFAULT 0 NOT NULL,
	"cancel_requested" boolean DEFAULT false NOT NULL,
	"allow_different_adapter" boolean DEFAULT false NOT NULL,
	"step" integer DEFAULT 0 NOT NULL,
	"steps" integer,
	"epoch" integer DEFAULT 0 NOT NULL,
	"loss" double precision,
	"tokens_per_second" double precision,
	"seconds_left" double precision,
	"parameters" bigint,
	"memory_bytes" bigint,
	"adapter" jsonb,
	"error" jsonb,
	"started_at" timestamp with time zone,
	"finished_at" timestamp with time zone,
	CONSTRAINT "runs_idempotency_key_unique" UNIQUE("idempotency_key"),
	CONSTRAINT "runs_state_is_known" CHECK ("runs"."state" in ('QUEUED', 'RUNNING', 'INTERRUPTED', 'CANCELLED', 'FAILED', 'SUCCEEDED')),
	CONSTRAINT "runs_step_is_count" CHECK ("runs"."step" >= 0 and "runs"."attempt" >= 0 and "runs"."last_seq" >= 0)
);
--> statement-breakpoint
ALTER TABLE "run_attempts" ADD CONSTRAINT "run_attempts_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."runs"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "run_attempts" ADD CONSTRAINT "run_attempts_resumed_from_checkpoints_id_fk" FOREIGN KEY ("resumed_from") REFERENCES "public"."checkpoints"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "checkpoint_parents" ADD CONSTRAINT "checkpoint_parents_checkpoint_id_checkpoints_id_fk" FOREIGN KEY ("checkpoint_id") REFERENCES "public"."checkpoints"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "checkpoint_parents" ADD CONSTRAINT "checkpoint_parents_parent_id_checkpoints_id_fk" FOREIGN KEY ("parent_id") REFERENCES "public"."checkpoints"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "checkpoints" ADD CONSTRAINT "checkpoints_model_id_models_id_fk" FOREIGN KEY ("model_id") REFERENCES "public"."models"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "checkpoints" ADD CONSTRAINT "checkpoints_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."runs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "collections" ADD CONSTRAINT "collections_checkpoint_id_checkpoints_id_fk" FOREIGN KEY ("checkpoint_id") REFERENCES "public"."checkpoints"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "documents" ADD CONSTRAINT "documents_collection_id_collections_id_fk" FOREIGN KEY ("collection_id") REFERENCES "public"."collections"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "embeddings" ADD CONSTRAINT "embeddings_document_id_documents_id_fk" FOREIGN KEY ("document_id") REFERENCES "public"."documents"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "embeddings" ADD CONSTRAINT "embeddings_checkpoint_id_checkpoints_id_fk" FOREIGN KEY ("checkpoint_id") REFERENCES "public"."checkpoints"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "evaluations" ADD CONSTRAINT "evaluations_checkpoint_id_checkpoints_id_fk" FOREIGN KEY ("checkpoint_id") REFERENCES "public"."checkpoints"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "evaluations" ADD CONSTRAINT "evaluations_dataset_id_datasets_id_fk" FOREIGN KEY ("dataset_id") REFERENCES "public"."datasets"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "run_datasets" ADD CONSTRAINT "run_datasets_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."runs"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "run_datasets" ADD CONSTRAINT "run_datasets_dataset_id_datasets_id_fk" FOREIGN KEY ("dataset_id") REFERENCES "public"."datasets"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "run_events" ADD CONSTRAINT "run_events_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."runs"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "runs" ADD CONSTRAINT "runs_model_id_models_id_fk" FOREIGN KEY ("model_id") REFERENCES "public"."models"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "run_attempts_checkpoint" ON "run_attempts" USING btree ("resumed_from");--> statement-breakpoint
CREATE INDEX "checkpoint_parents_parent" ON "checkpoint_parents" USING btree ("parent_id");--> statement-breakpoint
CREATE INDEX "checkpoints_model" ON "checkpoints" USING btree ("model_id");--> statement-breakpoint
CREATE INDEX "checkpoints_digest" ON "checkpoints" USING btree ("digest");--> statement-breakpoint
CREATE INDEX "collections_checkpoint" ON "collections" USING btree ("checkpoint_id");--> statement-breakpoint
CREATE INDEX "embeddings_checkpoint" ON "embeddings" USING btree ("checkpoint_id");--> statement-breakpoint
CREATE INDEX "datasets_digest" ON "datasets" USING btree ("digest");--> statement-breakpoint
CREATE INDEX "evaluations_checkpoint" ON "evaluations" USING btree ("checkpoint_id");--> statement-breakpoint
CREATE INDEX "evaluations_dataset" ON "evaluations" USING btree ("dataset_id");--> statement-breakpoint
CREATE INDEX "jobs_state" ON "jobs" USING btree ("state");--> statement-breakpoint
CREATE INDEX "run_datasets_dataset" ON "run_datasets" USING btree ("dataset_id");--> statement-breakpoint
CREATE INDEX "runs_state" ON "runs" USING btree ("state");--> statement-breakpoint
CREATE INDEX "runs_model" ON "runs" USING btree ("model_id");