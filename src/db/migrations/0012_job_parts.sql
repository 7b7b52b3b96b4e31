ALTER TABLE "jobs" ADD COLUMN "part_of" uuid;--> statement-breakpoint
ALTER TABLE "jobs" ADD COLUMN "awaits_parts" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "jobs" ADD CONSTRAINT "jobs_part_of_jobs_id_fk" FOREIGN KEY ("part_of") REFERENCES "public"."jobs"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "jobs_part_of" ON "jobs" USING btree ("part_of") WHERE "jobs"."part_of" is not null;