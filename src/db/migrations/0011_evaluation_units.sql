ALTER TABLE "evaluations" ADD COLUMN "units_digest" text;--> statement-breakpoint
CREATE INDEX "evaluations_units" ON "evaluations" USING btree ("units_digest");--> statement-breakpoint
ALTER TABLE "evaluations" ADD CONSTRAINT "evaluations_units_is_sha256" CHECK ("evaluations"."units_digest" ~ '^[0-9a-f]{64}$');