#!/usr/bin/env bash
# Installs ElasticMQ, a real SQS server for tests, into .tools/elasticmq/lib: its jars and those it depends on, by name
# and version from Maven's central repository. It needs Maven; running it needs Java 17.
#
# Safe to run again: the pinned version is left alone.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

version=1.7.1
plugin=org.apache.maven.plugins:maven-dependency-plugin:3.8.1
home=.tools/elasticmq

[ "$(cat $home/pins 2>/dev/null)" = "$version" ] && exit
rm -rf $home
mkdir -p $home
cat >$home/pom.xml <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>tools</groupId><artifactId>elasticmq</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.elasticmq</groupId><artifactId>elasticmq-server_3</artifactId><version>$version</version></dependency>
  </dependencies>
</project>
POM
tools/ticking.sh "mvn: ElasticMQ" mvn --quiet --batch-mode -Dstyle.color=never --file $home/pom.xml $plugin:copy-dependencies -DincludeScope=runtime -DoutputDirectory=lib
echo $version >$home/pins
