CREATE TABLE "fusion_candidates" (
	"search_id" uuid NOT NULL,
	"number" integer NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"origin" text NOT NULL,
	"checkpoint" integer,
	"plan" jsonb,
	"digest" text,
	"same_as" integer,
	"score" double precision,
	"ir" double precision,
	"sts" double precision,
	"figures" jsonb NOT NULL,
	"failure" text,
	"seconds" double precision NOT NULL,
	CONSTRAINT "fusion_candidates_search_id_number_pk" PRIMARY KEY("search_id","number"),
	CONSTRAINT "fusion_candidates_origin" CHECK ("fusion_candidates"."origin" in ('single', 'default', 'coordinate', 'random', 'greedy-soup')),
	CONSTRAINT "fusion_candidates_digest_is_sha256" CHECK ("fusion_candidates"."digest" ~ '^[0-9a-f]{64}$'),
	CONSTRAINT "fusion_candidates_is_one" CHECK (("fusion_candidates"."checkpoint" is null) <> ("fusion_candidates"."plan" is null)),
	CONSTRAINT "fusion_candidates_fails_or_scores" CHECK (("fusion_candidates"."score" is null) = ("fusion_candidates"."failure" is not null))
);
--> statement-breakpoint
CREATE TABLE "fusion_searches" (
	"id" uuid PRIMARY KEY NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"idempotency_key" text,
	"model_id" uuid NOT NULL,
	"request" jsonb NOT NULL,
	"test" jsonb,
	CONSTRAINT "fusion_searches_idempotency_key_unique" UNIQUE("idempotency_key")
);
--> statement-breakpoint
ALTER TABLE "fusion_candidates" ADD CONSTRAINT "fusion_candidates_search_id_fusion_searches_id_fk" FOREIGN KEY ("search_id") REFERENCES "public"."fusion_searches"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "fusion_searches" ADD CONSTRAINT "fusion_searches_id_jobs_id_fk" FOREIGN KEY ("id") REFERENCES "public"."jobs"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "fusion_searches" ADD CONSTRAINT "fusion_searches_model_id_models_id_fk" FOREIGN KEY ("model_id") REFERENCES "public"."models"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "fusion_searches_model" ON "fusion_searches" USING btree ("model_id");