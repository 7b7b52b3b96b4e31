CREATE TABLE "run_starts" (
	"run_id" uuid PRIMARY KEY NOT NULL,
	"checkpoint_id" uuid,
	"after_id" uuid,
	"choice" text,
	CONSTRAINT "run_starts_choice" CHECK ("run_starts"."choice" in ('last')),
	CONSTRAINT "run_starts_is_known_or_chosen" CHECK ("run_starts"."checkpoint_id" is not null or "run_starts"."choice" is not null)
);
--> statement-breakpoint
ALTER TABLE "checkpoints" ADD COLUMN "base_id" uuid;--> statement-breakpoint
ALTER TABLE "jobs" ADD COLUMN "after" uuid;--> statement-breakpoint
ALTER TABLE "run_starts" ADD CONSTRAINT "run_starts_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."runs"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "run_starts" ADD CONSTRAINT "run_starts_checkpoint_id_checkpoints_id_fk" FOREIGN KEY ("checkpoint_id") REFERENCES "public"."checkpoints"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "run_starts" ADD CONSTRAINT "run_starts_after_id_runs_id_fk" FOREIGN KEY ("after_id") REFERENCES "public"."runs"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "run_starts_checkpoint" ON "run_starts" USING btree ("checkpoint_id");--> statement-breakpoint
CREATE INDEX "run_starts_after" ON "run_starts" USING btree ("after_id");--> statement-breakpoint
ALTER TABLE "checkpoints" ADD CONSTRAINT "checkpoints_base_id_checkpoints_id_fk" FOREIGN KEY ("base_id") REFERENCES "public"."checkpoints"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "jobs" ADD CONSTRAINT "jobs_after_jobs_id_fk" FOREIGN KEY ("after") REFERENCES "public"."jobs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "jobs_after" ON "jobs" USING btree ("after") WHERE "jobs"."after" is not null;