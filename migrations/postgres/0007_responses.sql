CREATE TABLE "responses" (
	"response_id" text PRIMARY KEY NOT NULL,
	"key_id" text NOT NULL,
	"model_id" text NOT NULL,
	"endpoint_id" text NOT NULL,
	"created_at_ms" bigint NOT NULL,
	"expires_at_ms" bigint NOT NULL,
	"body" text NOT NULL,
	"conversation" text NOT NULL
);
--> statement-breakpoint
CREATE INDEX "responses_expires_at" ON "responses" USING btree ("expires_at_ms");