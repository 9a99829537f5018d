ALTER TABLE "attempts" ADD COLUMN "units" double precision DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "requests" ADD COLUMN "operation" text DEFAULT 'chat' NOT NULL;--> statement-breakpoint
ALTER TABLE "traffic_hours" ADD COLUMN "units" double precision DEFAULT 0 NOT NULL;