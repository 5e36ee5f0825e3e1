#!/usr/bin/env escript
%% Compiles, loads and runs modules while many processes compute: the code of Erlang is a memfd that is mapped twice.
-mode(compile).

fib(N) when N < 2 -> N;
fib(N) -> fib(N - 1) + fib(N - 2).

module(N) ->
    Name = list_to_atom("m" ++ integer_to_list(N)),
    Texts = [io_lib:format("-module(~p).", [Name]), "-export([f/1]).", io_lib:format("f(X) -> X * ~p + 1.", [N])],
    Forms = [begin {ok, T, _} = erl_scan:string(lists:flatten(X)), {ok, F} = erl_parse:parse_form(T), F end || X <- Texts],
    {ok, Name, Binary} = compile:forms(Forms),
    {module, Name} = code:load_binary(Name, "none", Binary),
    Name.

lap(80, Hash) -> io:format("end ~p~n", [Hash]);
lap(N, Hash) ->
    Self = self(),
    [spawn(fun() -> Self ! {K, fib(20 + K rem 4)} end) || K <- lists:seq(1, 20)],
    Sum = lists:sum([receive {K, V} -> V end || K <- lists:seq(1, 20)]),
    Next = erlang:phash2({Hash, (module(N)):f(Sum)}),
    io:format("~p ~p~n", [N, Next]),
    timer:sleep(50),
    lap(N + 1, Next).

main(_) -> lap(0, 1).
