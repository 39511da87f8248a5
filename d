POST /acme HTTP/1.1
X-Acme-Signature: 1fd3132555c358f52fcf8c20624acff3d30c05147d75203fbcfa1c8b6872d31b

{"event":"call.ended","id":"evt_9","ts":1793534000,"user":"JÃ¼rgen MÃ¼ller","url":"https://x.example/a","cost":1.5,"n":[1,2,{"k":null}],"t":true}