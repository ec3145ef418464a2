% SPDX-License-Identifier: Apache-2.0
% Processes, binaries, maps.
-module(erlang_test).
-export([main/0]).

main() ->
    Self = self(),
    Pids = [spawn(fun() -> Self ! {N, lists:sum(lists:seq(1, N * 1000))} end)
            || N <- lists:seq(1, 100)],
    Sums = [receive {N, Sum} -> Sum end || N <- lists:seq(1, length(Pids))],
    io:format("~p~n", [lists:sum(Sums)]),
    Big = binary:copy(<<"area">>, 1000000),
    io:format("~p~n", [erlang:crc32(Big)]),
    Map = maps:from_list([{I, I * I} || I <- lists:seq(1, 50000)]),
    io:format("~p~n", [map_size(Map)]),
    halt(18).
