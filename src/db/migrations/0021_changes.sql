CREATE TABLE "change_counter" (
	"one" boolean PRIMARY KEY DEFAULT true NOT NULL,
	"seq" bigint DEFAULT 0 NOT NULL,
	"progress_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "change_counter_is_one" CHECK ("change_counter"."one")
);
--> statement-breakpoint
CREATE TABLE "change_outbox" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "change_outbox_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"type" text NOT NULL,
	"key" uuid NOT NULL,
	"kind" text NOT NULL,
	"progress" boolean DEFAULT false NOT NULL
);
--> statement-breakpoint
CREATE TABLE "changes" (
	"seq" bigint PRIMARY KEY NOT NULL,
	"type" text NOT NULL,
	"key" uuid NOT NULL,
	"kind" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	CONSTRAINT "changes_kind" CHECK ("changes"."kind" in ('created', 'updated', 'deleted'))
);
