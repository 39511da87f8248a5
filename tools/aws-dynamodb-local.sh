#!/usr/bin/env bash
# Puts DynamoDB Local, AWS's own server for tests, into .tools/dynamodb-local:
# the jars with their dependencies and the SQLite libraries it needs.
# Needs mvn and Java 17. Does nothing if the pinned version is there already.
set -euo pipefail
cd "$(dirname "$0")/.."

version=3.1.0
target=.tools/dynamodb-local

if [[ -f $target/version && $(<"$target/version") == "$version" ]]; then
	exit 0
fi
rm -rf "$target"
mkdir -p "$target"
cat >"$target/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>tools</groupId><artifactId>dynamodb-local</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>software.amazon.dynamodb</groupId><artifactId>DynamoDBLocal</artifactId><version>$version</version></dependency>
  </dependencies>
</project>
POM
tools/ticking.sh "mvn: DynamoDB Local $version" mvn -q -B -f "$target/pom.xml" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory=lib
echo "$version" >"$target/version"
