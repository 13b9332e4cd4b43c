-- The request of the JSON workload, for wrk.
wrk.method = "POST"
wrk.headers["content-type"] = "application/json"
wrk.body = '{"name": "item", "price": 1.25}'
