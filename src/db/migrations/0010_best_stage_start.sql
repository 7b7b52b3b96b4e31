ALTER TABLE "run_starts" DROP CONSTRAINT "run_starts_choice";--> statement-breakpoint
ALTER TABLE "run_starts" ADD CONSTRAINT "run_starts_choice" CHECK ("run_starts"."choice" in ('last', 'best'));