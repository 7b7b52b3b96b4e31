CREATE INDEX "audit_entries_key" ON "audit_entries" USING btree ("key_id","created_at","id");--> statement-breakpoint
CREATE INDEX "audit_entries_touched" ON "audit_entries" USING gin ("touched");