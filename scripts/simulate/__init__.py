"""An external system that sends to the suite over HTTP, and a day in a hospital made of it."""
