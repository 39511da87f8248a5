package local_test
import ("testing";"database/sql")
func dump(t *testing.T, path string){ db,_:=sql.Open("sqlite",path); defer db.Close(); rows,err:=db.Query("select id,queue,receives,in_flight,visible_at-added_at,reason,visible_at - cast(strftime('%s','now') as integer)*1000000000, event from messages"); if err!=nil{t.Log(err);return}; for rows.Next(){var a,b,c,d,e,f,g,h any; rows.Scan(&a,&b,&c,&d,&e,&f,&g,&h); t.Log(a,b,c,d,e,f,g,h)} 
var s any; db.QueryRow("select seq from sqlite_sequence").Scan(&s); t.Log("seq",s)}
