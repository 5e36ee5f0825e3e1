package main

// soakSteps are the long forms of what the judges do in short, each in a line
// of the summary. They take hours and are not part of the checks.
var soakSteps = []step{
	{name: "zoo", argv: goTest("2h", "./test/zoo"), tests: true},
	{name: "oracle", argv: goTest("1h", "./test/oracle"), tests: true},
	{name: "toandfro", argv: goTest("3h", "./test/toandfro"), tests: true},
	{name: "hops", argv: append(goTest("1h", "-run", "TestHops", "./test/zoo"), "-args", "-hops", "1000"), tests: true},
	{name: "failure", argv: goTest("30m", "./test/failure"), tests: true},
	{name: "packaging", argv: append(goTest("30m", "./test/packaging"), "-args", "-clean-root"), tests: true},
	{name: "discovery", argv: goTest("30m", "./test/discovery"), tests: true},
	{name: "members", argv: append(goTest("15m", "-run", "TestComingAndGoing", "./internal/role/member"), "-args", "-events", "1000"), tests: true},
	{name: "crowd", argv: append(goTest("15m", "-run", "TestCrowd", "./internal/role/member"), "-args", "-crowd", "200"), tests: true},
	{name: "churn", argv: append(goTest("30m", "./test/churn"), "-args", "-duration", "10m"), tests: true},
	{name: "soak", argv: append(goTest("60m", "./test/soak"), "-args", "-duration", "30m", "-length", "3", "-every", "5s"), tests: true, talks: true},
}

// soak is the argument that asks for them.
const soak = "soak"
