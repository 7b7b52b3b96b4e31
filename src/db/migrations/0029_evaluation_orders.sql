CREATE INDEX "evaluations_updated" ON "evaluations" USING btree ("updated_at","id");--> statement-breakpoint
CREATE INDEX "evaluations_by_evaluator" ON "evaluations" USING btree ("evaluator","id");--> statement-breakpoint
CREATE INDEX "evaluations_by_split" ON "evaluations" USING btree ("split","id");--> statement-breakpoint
CREATE INDEX "evaluations_pooled" ON "evaluations" USING btree ("pooled","id");--> statement-breakpoint
CREATE INDEX "evaluations_by_task" ON "evaluations" USING btree ("task","id");--> statement-breakpoint
CREATE INDEX "evaluations_count" ON "evaluations" USING btree ("count","id");--> statement-breakpoint
CREATE INDEX "evaluations_documents" ON "evaluations" USING btree ("documents","id");--> statement-breakpoint
CREATE INDEX "evaluations_tokens" ON "evaluations" USING btree ("tokens","id");--> statement-breakpoint
CREATE INDEX "evaluations_seconds" ON "evaluations" USING btree ("seconds","id");--> statement-breakpoint
CREATE INDEX "evaluations_dimension" ON "evaluations" USING btree ("dimension","id");