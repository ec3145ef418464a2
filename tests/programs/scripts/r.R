# SPDX-License-Identifier: Apache-2.0
# Garbage, matrices, a regression.
set.seed(7)
kept <- lapply(1:100000, function(i) rep(i, i %% 20))
invisible(gc())
cat(length(unlist(kept)), "\n")
m <- matrix(runif(250000), 500)
cat(dim(solve(m)), "\n")
fit <- lm(y ~ x, data.frame(x = 1:1000, y = 3 * (1:1000) + rnorm(1000)))
cat(round(coef(fit)[["x"]], 2), "\n")
quit(status = 6)
