CREATE TABLE "suite_entries" (
	"suite_id" uuid NOT NULL,
	"position" integer NOT NULL,
	"dataset_id" uuid NOT NULL,
	"split" text NOT NULL,
	"pooled" boolean NOT NULL,
	"domain" text,
	CONSTRAINT "suite_entries_suite_id_position_pk" PRIMARY KEY("suite_id","position"),
	CONSTRAINT "suite_entries_once" UNIQUE("suite_id","dataset_id","split","pooled"),
	CONSTRAINT "suite_entries_split" CHECK ("suite_entries"."split" in ('train', 'dev', 'test'))
);
--> statement-breakpoint
CREATE TABLE "suites" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"idempotency_key" text,
	"name" text NOT NULL,
	CONSTRAINT "suites_idempotency_key_unique" UNIQUE("idempotency_key"),
	CONSTRAINT "suites_name" UNIQUE("name")
);
--> statement-breakpoint
ALTER TABLE "suite_entries" ADD CONSTRAINT "suite_entries_suite_id_suites_id_fk" FOREIGN KEY ("suite_id") REFERENCES "public"."suites"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "suite_entries" ADD CONSTRAINT "suite_entries_dataset_id_datasets_id_fk" FOREIGN KEY ("dataset_id") REFERENCES "public"."datasets"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "suite_entries_dataset" ON "suite_entries" USING btree ("dataset_id");