"""One driver for each kind of reverse proxy; found by `driver.all_drivers`."""
