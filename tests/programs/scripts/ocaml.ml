(* SPDX-License-Identifier: Apache-2.0
   Garbage, a compaction, a closure of each kind. *)
let rec mix n h = if n = 0 then h else mix (n - 1) (((h * 31) + n) mod 1000003)

let () =
  Printf.printf "%d\n" (mix 300000 17);
  let kept = ref [] in
  for i = 1 to 300000 do
    kept := Bytes.make (i mod 50) 'x' :: !kept
  done;
  Gc.compact ();
  Printf.printf "%d\n" (List.fold_left (fun sum b -> sum + Bytes.length b) 0 !kept);
  exit 7
