ALTER TABLE "endpoint_epochs" ADD COLUMN "direction" text;--> statement-breakpoint
ALTER TABLE "endpoint_epochs" ADD COLUMN "measured_before" double precision;--> statement-breakpoint
ALTER TABLE "endpoint_epochs" ADD COLUMN "measured_after" double precision;--> statement-breakpoint
ALTER TABLE "model_epochs" ADD COLUMN "direction" text;--> statement-breakpoint
ALTER TABLE "model_epochs" ADD COLUMN "measured_before" double precision;--> statement-breakpoint
ALTER TABLE "model_epochs" ADD COLUMN "measured_after" double precision;