CREATE TABLE "run_teachers" (
	"run_id" uuid PRIMARY KEY NOT NULL,
	"checkpoint_id" uuid NOT NULL
);
--> statement-breakpoint
ALTER TABLE "run_teachers" ADD CONSTRAINT "run_teachers_run_id_runs_id_fk" FOREIGN KEY ("run_id") REFERENCES "public"."runs"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "run_teachers" ADD CONSTRAINT "run_teachers_checkpoint_id_checkpoints_id_fk" FOREIGN KEY ("checkpoint_id") REFERENCES "public"."checkpoints"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "run_teachers_checkpoint" ON "run_teachers" USING btree ("checkpoint_id");