# R: matrices, forked workers of the package parallel, a linear model.
library(parallel)
work <- function(i) {
  set.seed(i)
  m <- matrix(rnorm(120 * 120), 120)
  s <- 0
  for (k in 1:12) s <- s + sum(diag(solve(m %*% t(m) + diag(120) * 5 * k)))
  round(s, 6)
}
print(unlist(mclapply(1:180, work, mc.cores = 3)))
cluster <- makeForkCluster(2)
print(unlist(parLapply(cluster, 1:60, function(i) i^2)))
stopCluster(cluster)
set.seed(7)
x <- as.data.frame(matrix(rnorm(20000), ncol = 10))
for (k in 1:250) x$V1 <- x$V1 + sin(k * x$V2) + residuals(lm(V1 ~ ., data = x))
print(summary(lm(V1 ~ ., data = x))$coefficients[1:3, 1:2], digits = 6)
