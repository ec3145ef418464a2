# SPDX-License-Identifier: Apache-2.0
# Compiled Haskell: a parallel copying collector in a terabyte of reserved addresses.
set -e
cat > Area.hs <<'END'
import Control.Concurrent
import qualified Data.Map.Strict as Map

work :: Int -> Int
work n = Map.size (Map.fromList [(i * 7919 `mod` 50021, show i) | i <- [1 .. n]])

main :: IO ()
main = do
  answers <- mapM start [10000, 20000, 40000]
  mapM takeMVar answers >>= print
  print (length (show (product [1 .. 2000 :: Integer])))
 where
  start n = do
    answer <- newEmptyMVar
    _ <- forkIO (putMVar answer $! work n)
    return answer
END
ghc -O -threaded -rtsopts -o area Area.hs >/dev/null
exec ./area +RTS -N2
